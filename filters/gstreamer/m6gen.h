/* m6gen: pictures drawn from a prompt, laid over the video that passes through. m6gensrc: a video of nothing but such pictures. */
#ifndef M6_GST_GEN_H
#define M6_GST_GEN_H

#include <gst/base/gstbasetransform.h>
#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define M6_TYPE_GST_GEN (m6_gst_gen_get_type())
G_DECLARE_FINAL_TYPE(M6GstGen, m6_gst_gen, M6, GST_GEN, GstBaseTransform)
#define M6_TYPE_GST_GEN_SRC (m6_gst_gen_src_get_type())
G_DECLARE_FINAL_TYPE(M6GstGenSrc, m6_gst_gen_src, M6, GST_GEN_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE(m6gen)
GST_ELEMENT_REGISTER_DECLARE(m6gensrc)

G_END_DECLS

#endif

/* m6gen: pictures drawn from a prompt, laid over the video that passes through. m6gensrc: a video of nothing but such pictures. */
#ifndef M6_GST_M6GEN_H
#define M6_GST_M6GEN_H

#include <gst/base/gstbasetransform.h>
#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define M6_TYPE_GEN_FILTER (m6_gen_filter_get_type())
G_DECLARE_FINAL_TYPE(M6Gen, m6_gen_filter, M6, GEN_FILTER, GstBaseTransform)
#define M6_TYPE_GEN_SRC (m6_gen_src_get_type())
G_DECLARE_FINAL_TYPE(M6GenSrc, m6_gen_src, M6, GEN_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE(m6gen)
GST_ELEMENT_REGISTER_DECLARE(m6gensrc)

G_END_DECLS

#endif

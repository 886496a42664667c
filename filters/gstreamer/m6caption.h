/* m6caption: captions of the video that passes through. */
#ifndef M6_GST_CAPTION_H
#define M6_GST_CAPTION_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define M6_TYPE_CAPTION (m6_caption_get_type())
G_DECLARE_FINAL_TYPE(M6Caption, m6_caption, M6, CAPTION, GstElement)

GST_ELEMENT_REGISTER_DECLARE(m6caption)

G_END_DECLS

#endif

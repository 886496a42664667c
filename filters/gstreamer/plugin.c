/* The plugin: one line an element. */
#include <gst/gst.h>

#include "m6/m6.h"
#include "m6caption.h"
#include "m6gen.h"

static gboolean plugin_init(GstPlugin *plugin)
{
    if (m6_api_version() < M6_API_VERSION) {
        GST_ERROR("libm6 is older than this plugin (%d, not %d); install both from one build", m6_api_version(), M6_API_VERSION);
        return FALSE;
    }
    return GST_ELEMENT_REGISTER(m6caption, plugin) && GST_ELEMENT_REGISTER(m6gen, plugin) && GST_ELEMENT_REGISTER(m6gensrc, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, m6, "Captions, answers and pictures from a resident M6 model", plugin_init, M6_VERSION,
                  "MIT/X11", "M6", "M6")

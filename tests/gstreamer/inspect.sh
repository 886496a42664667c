# The plugin as GStreamer sees it: loads, describes each element, and not one critical warning.
. "$(dirname "$0")/lib.sh"

expect 0 "the plugin" gst-inspect-1.0 m6
says out "MIT/X11"
elements=$(sed -n 's/^  \([a-z0-9]*\): .*/\1/p' out)
checks=$((checks + 1))
case " $(echo $elements) " in
*" m6caption "*) ;;
*) bad "m6caption is not in the plugin: $elements" ;;
esac
for element in $elements; do
    expect 0 "$element" gst-inspect-1.0 "$element"
    says out "Long-name"
    checks=$((checks + 1))
    [ -s err ] && bad "gst-inspect-1.0 $element complains"
done
expect 0 "blacklist" gst-inspect-1.0 -b
says out "Total count: 0 blacklisted"

# It links the client, and nothing of the engine.
checks=$((checks + 2))
ldd "$PLUGIN/libgstm6.so" >linked
grep -q 'libm6\.so' linked || bad "libgstm6.so does not link libm6"
nm -D --defined-only "$PLUGIN/libgstm6.so" | grep -v gst_plugin_m6_ | grep -q . && bad "libgstm6.so exports more than the plugin: $(nm -D --defined-only "$PLUGIN/libgstm6.so" | head -n 3)"
finish

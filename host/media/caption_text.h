/* A caption's text, made harmless: nothing in it can end a cue, start another, or be taken for markup. */
#ifndef M6_HOST_MEDIA_CAPTION_TEXT_H
#define M6_HOST_MEDIA_CAPTION_TEXT_H

enum media_caption_kind { MEDIA_CAPTION_PLAIN, MEDIA_CAPTION_SRT, MEDIA_CAPTION_VTT, MEDIA_CAPTION_ASS };

/* Control characters go, empty lines and the spaces around lines too; bytes that are no UTF-8 become U+FFFD. Caller frees;
 * NULL: out of memory. May be "". */
char *media_caption_text(const char *text, enum media_caption_kind);

#endif

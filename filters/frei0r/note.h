/* The only way to say something: a line on stderr. All instances of a plugin together say a thing once, however many threads and frames it concerns.
 *
 * Threads: any.
 */
#ifndef M6_FREI0R_NOTE_H
#define M6_FREI0R_NOTE_H

/* "NAME: sentence", unless that is what was said last. "" says nothing. */
void note(const char *name, const char *sentence);

#endif

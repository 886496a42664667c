/* From staged files to files in their places, so that it can be broken off anywhere and taken up again.
 *
 * A worker writes its outputs into hidden folders beside their places (".m6-job-TOKEN-ID") and lists them, synced, in its work
 * folder. The runner hashes them and records the list (queue_intend); from then on the job's end is decided by what is where:
 *
 *     staged, with its hash        rename it
 *     not staged, in its place     renamed already
 *     anything else                the job is run again
 */
#ifndef M6_HOST_QUEUE_PUBLISH_H
#define M6_HOST_QUEUE_PUBLISH_H

#include "queue/queue.h"

/* A job's own folder in the queue's: what its worker says, prints, and has open. */
enum m6_status publish_work_folder(const struct queue *, int64_t id, char *path, size_t size, struct m6_error *);
/* The name of the hidden folders of the job with that work folder. */
void publish_hidden_name(const char *work, char *name, size_t size);

/* What a worker listed, with each file's hash. Caller frees files with publish_free. */
enum m6_status publish_read(const char *work, struct queue_file **files, int *count, struct m6_error *);
void publish_free(struct queue_file *files, int count);

enum publish_end { PUBLISH_DONE, PUBLISH_AGAIN, PUBLISH_FAILED };
/* Renames what an intent lists. check: the files may have changed since they were hashed (the host was gone). On PUBLISH_FAILED
 * and PUBLISH_AGAIN nothing that replaced nothing is left in its place. */
enum publish_end publish(const struct queue_file *files, int count, int check, struct m6_error *);
/* Removes a job's hidden folders; what is not there is fine. */
void publish_clean_hidden(const char *work);
/* And its work folder. */
void publish_clean(const char *work);

#endif

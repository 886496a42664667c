/* The durable queue without a host: its store, and what a runner makes of every point that one may have died at. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "../host/support.h"
#include "queue/digest.h"
#include "queue/internal.h"
#include "queue/publish.h"
#include "queue/store.h"

enum { OUTPUTS = 2 };

static const char *const names[OUTPUTS] = {"one.txt", "two.txt"}, *const texts[OUTPUTS] = {"the first\n", "the second\n"};
static char here[PATH_MAX];

static struct queue *open_queue(const char *socket)
{
    struct queue *q;
    struct m6_error err = {""};
    if (queue_open(&q, socket, 1, &err))
        fail_msg("%s", err.text);
    return q;
}

static char *whole(const char *name)
{
    static char path[4][PATH_MAX + 256];
    static int n;
    char *p = path[n++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", here, name);
    return p;
}

static int64_t add(struct queue *q, const char *const *outputs, int count, int overwrite)
{
    char *words[] = {"draw", "--", "red cat", NULL}, *env[] = {"M6_MEDIA", NULL};
    struct queue_file files[OUTPUTS] = {{0}};
    struct queue_job job = {.words = words, .env = env, .outputs = files, .output_count = count};
    struct m6_error err = {""};
    for (int i = 0; i < count; i++)
        files[i] = (struct queue_file){.path = strdup(whole(outputs[i])), .overwrite = overwrite};
    const enum m6_status status = queue_add(q, &job, &err);
    for (int i = 0; i < count; i++)
        free(files[i].path);
    if (status)
        assert_says(err.text, "already");
    return status ? 0 : job.id;
}

static enum queue_state state_of(struct queue *q, int64_t id)
{
    struct queue_job job;
    assert_int_equal(queue_get(q, id, &job, NULL), M6_OK);
    const enum queue_state state = job.state;
    queue_job_free(&job);
    return state;
}

/* ---- the store ---- */

static void test_digest(void **state)
{
    struct digest d;
    char hex[65], *many = malloc(1000000);
    static const struct {
        const char *text, *hex;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        digest_begin(&d);
        digest_add(&d, known[i].text, strlen(known[i].text));
        digest_end(&d, hex);
        assert_string_equal(hex, known[i].hex);
    }
    memset(many, 'a', 1000000);
    digest_begin(&d);
    for (size_t at = 0, n = 1; at < 1000000; at += n, n = n * 7 % 1000 + 1)
        digest_add(&d, many + at, n < 1000000 - at ? n : 1000000 - at);
    digest_end(&d, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(many);
}

static void check_order(struct queue *q, const int64_t *wanted, int count)
{
    int64_t *ids;
    int n;
    assert_int_equal(queue_list(q, 1 << QUEUE_QUEUED | 1 << QUEUE_PAUSED, &ids, &n, NULL), M6_OK);
    assert_int_equal(n, count);
    for (int i = 0; i < n; i++)
        assert_int_equal(ids[i], wanted[i]);
    free(ids);
}

static void test_order(void **state)
{
    struct queue *q = open_queue(whole("order.sock"));
    struct queue_job job;
    struct m6_error err = {""};
    for (int i = 1; i <= 4; i++)
        assert_int_equal(add(q, NULL, 0, 0), i);
    check_order(q, (int64_t[]){1, 2, 3, 4}, 4);
    assert_int_equal(queue_move(q, 3, QUEUE_FIRST, 0, &err), M6_OK);
    check_order(q, (int64_t[]){3, 1, 2, 4}, 4);
    assert_int_equal(queue_move(q, 1, QUEUE_LAST, 0, &err), M6_OK);
    check_order(q, (int64_t[]){3, 2, 4, 1}, 4);
    assert_int_equal(queue_move(q, 1, QUEUE_BEFORE, 2, &err), M6_OK);
    check_order(q, (int64_t[]){3, 1, 2, 4}, 4);
    assert_int_equal(queue_move(q, 3, QUEUE_BEFORE, 4, &err), M6_OK);
    check_order(q, (int64_t[]){1, 2, 3, 4}, 4);
    assert_int_equal(queue_move(q, 2, QUEUE_BEFORE, 2, &err), M6_OK);
    check_order(q, (int64_t[]){1, 2, 3, 4}, 4);
    assert_int_equal(queue_move(q, 2, QUEUE_BEFORE, 9, &err), M6_ERR_ARGUMENT);
    assert_int_equal(queue_move(q, 9, QUEUE_FIRST, 0, &err), M6_ERR_ARGUMENT);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(queue_take(q, &job, &err), M6_OK);
        assert_int_equal(job.id, i);
        assert_int_equal(job.attempts, 1);
        assert_string_equal(job.words[2], "red cat");
        queue_job_free(&job);
    }
    assert_int_equal(queue_back(q, 1, QUEUE_QUEUED, 0, 0, &err), M6_OK); /* to its old place */
    check_order(q, (int64_t[]){1, 3, 4}, 3);
    queue_close(q);
}

static void test_verbs(void **state)
{
    struct queue *q = open_queue(whole("verbs.sock"));
    struct queue_job job;
    struct m6_error err = {""};
    enum queue_state is;
    const int64_t id = add(q, NULL, 0, 0);
    assert_int_equal(queue_change(q, 99, QUEUE_CANCEL, &is, &err), M6_ERR_ARGUMENT);
    assert_says(err.text, "no job 99");
    assert_int_equal(queue_change(q, id, QUEUE_RETRY, &is, &err), M6_ERR_ARGUMENT);
    assert_int_equal(queue_change(q, id, QUEUE_RESUME, &is, &err), M6_ERR_ARGUMENT);
    assert_int_equal(queue_change(q, id, QUEUE_PAUSE, &is, &err), M6_OK);
    assert_int_equal(is, QUEUE_PAUSED);
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    assert_int_equal(job.id, 0);
    assert_int_equal(queue_change(q, id, QUEUE_RESUME, &is, &err), M6_OK);
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    assert_int_equal(job.id, id);
    queue_job_free(&job);
    assert_int_equal(queue_change(q, id, QUEUE_CANCEL, &is, &err), M6_OK);
    assert_int_equal(is, QUEUE_RUNNING); /* its runner's to do */
    assert_int_equal(queue_get(q, id, &job, &err), M6_OK);
    assert_int_equal(job.wish, QUEUE_WISH_CANCEL);
    queue_job_free(&job);
    const struct queue_end end = {.state = QUEUE_FAILED, .exit = 3, .error = "why", .text = "said", .text_size = 4};
    assert_int_equal(queue_finish(q, id, &end, &err), M6_OK);
    assert_int_equal(queue_change(q, id, QUEUE_PAUSE, &is, &err), M6_ERR_ARGUMENT);
    assert_int_equal(queue_get(q, id, &job, &err), M6_OK);
    assert_string_equal(job.text, "said");
    assert_string_equal(job.error, "why");
    assert_int_equal(job.exit, 3);
    queue_job_free(&job);
    assert_int_equal(queue_change(q, id, QUEUE_RETRY, &is, &err), M6_OK);
    assert_int_equal(state_of(q, id), QUEUE_QUEUED);
    assert_int_equal(queue_change(q, id, QUEUE_CANCEL, &is, &err), M6_OK);
    assert_int_equal(is, QUEUE_CANCELLED);
    assert_int_equal(queue_forget(q, INT64_MAX, &err), M6_OK);
    assert_int_equal(queue_get(q, id, &job, &err), M6_ERR_ARGUMENT);

    /* Two jobs for one file. */
    assert_true(add(q, names, 1, 0) > id); /* no number is given twice */
    assert_int_equal(add(q, names, 2, 0), 0);
    assert_true(add(q, names, 1, 1) > 0);
    queue_close(q);
}

static void test_opening(void **state)
{
    struct queue *q = open_queue(whole("open.sock")), *other;
    struct m6_error err = {""};
    struct stat st;
    char db[PATH_MAX + 16], folder_path[PATH_MAX];
    const int64_t id = add(q, NULL, 0, 0);
    snprintf(folder_path, sizeof folder_path, "%s", queue_path(q));
    snprintf(db, sizeof db, "%s/jobs.db", queue_path(q));
    assert_int_equal(stat(db, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(queue_path(q), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);

    /* Another spelling of one socket, another connection; and another socket. */
    other = open_queue(whole("./open.sock"));
    assert_string_equal(queue_path(other), queue_path(q));
    const int64_t before = queue_version(q);
    assert_int_equal(add(other, NULL, 0, 0), id + 1);
    assert_int_not_equal(queue_version(q), before);
    queue_close(other);
    other = open_queue(whole("else.sock"));
    assert_string_not_equal(queue_path(other), queue_path(q));
    queue_close(other);
    queue_close(q);

    /* Damaged: set aside, and named. */
    FILE *out = fopen(db, "r+");
    for (int i = 0; i < 600; i++)
        fputs("not a database ", out);
    fclose(out);
    q = open_queue(whole("open.sock"));
    assert_says(queue_note(q), "damaged");
    assert_non_null(strstr(queue_note(q), "jobs.db.damaged-"));
    assert_int_equal(add(q, NULL, 0, 0), 1);
    queue_close(q);
    q = open_queue(whole("open.sock"));
    assert_string_equal(queue_note(q), "");
    queue_close(q);

    /* Newer: left alone. */
    struct sqlite3 *raw;
    assert_int_equal(sqlite3_open(db, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
    assert_int_equal(queue_open(&q, whole("open.sock"), 1, &err), M6_ERR_UNSUPPORTED);
    assert_says(err.text, "newer M6");

    assert_int_equal(chmod(folder_path, 0755), 0);
    assert_int_equal(queue_open(&q, whole("open.sock"), 1, &err), M6_ERR_IO);
    assert_says(err.text, "0700");
}

/* ---- deaths ---- */

static struct runner *make_runner(struct queue *q)
{
    struct runner *r = calloc(1, sizeof *r);
    r->queue = q;
    r->watch = r->alone = r->wake = -1;
    return r;
}

static void put_bytes(const char *folder_path, const char *name, const void *data, size_t size)
{
    char path[3 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    put_file(path, data, size);
}

/* How far a worker and its runner come before they die. */
enum { TAKEN, WRITING, LISTED, INTENDED, RENAMED_ONE, RENAMED_ALL, FINISHED, POINTS };

static void run_until(struct runner *r, const struct queue_job *job, int point)
{
    char work[PATH_MAX], hidden[NAME_MAX + 1], aside[2 * PATH_MAX], list[4 * PATH_MAX];
    struct queue_file *files;
    struct m6_error err = {""};
    int count;
    size_t n = 0;
    assert_int_equal(publish_work_folder(r->queue, job->id, work, sizeof work, &err), M6_OK);
    publish_hidden_name(work, hidden, sizeof hidden);
    assert_int_equal(mkdir(work, 0700), 0);
    if (point == TAKEN)
        return;
    put_bytes(work, "out", "said\n", 5);
    put_bytes(work, "folders", here, strlen(here) + 1);
    snprintf(aside, sizeof aside, "%s/%s", here, hidden);
    assert_int_equal(mkdir(aside, 0700), 0);
    for (int i = 0; i < OUTPUTS; i++) {
        put_bytes(aside, names[i], texts[i], point == WRITING ? 4 : strlen(texts[i]));
        n += (size_t)sprintf(list + n, "%s", whole(names[i])) + 1;
        n += (size_t)sprintf(list + n, "%s/%s", aside, names[i]) + 1;
        n += (size_t)sprintf(list + n, "%d", job->outputs[0].overwrite) + 1;
    }
    if (point == WRITING)
        return;
    put_bytes(work, "files", list, n);
    if (point == LISTED)
        return;
    assert_int_equal(publish_read(work, &files, &count, &err), M6_OK);
    assert_int_equal(count, OUTPUTS);
    assert_int_equal(queue_intend(r->queue, job->id, files, count, &err), M6_OK);
    for (int i = 0; i < count && i < point - INTENDED; i++)
        assert_int_equal(rename(files[i].staged, files[i].path), 0);
    if (point >= FINISHED) {
        const struct queue_end end = {.state = QUEUE_DONE, .text = "said\n", .text_size = 5};
        assert_int_equal(queue_finish(r->queue, job->id, &end, &err), M6_OK);
    }
    publish_free(files, count);
}

static void run_out(struct runner *r)
{
    struct queue_job job;
    char work[PATH_MAX];
    struct queue_file *files;
    int count;
    struct m6_error err = {""};
    assert_int_equal(queue_take(r->queue, &job, &err), M6_OK);
    if (!job.id)
        return;
    run_until(r, &job, LISTED);
    assert_int_equal(publish_work_folder(r->queue, job.id, work, sizeof work, &err), M6_OK);
    assert_int_equal(publish_read(work, &files, &count, &err), M6_OK);
    assert_int_equal(queue_intend(r->queue, job.id, files, count, &err), M6_OK);
    assert_int_equal(ending_of_outputs(r, &job, work, files, count, 0), 0);
    publish_free(files, count);
    queue_job_free(&job);
}

static void check_nothing_left(struct queue *q)
{
    for (int k = 0; k < 2; k++) {
        DIR *dir = opendir(k ? queue_path(q) : here);
        for (struct dirent *e; (e = readdir(dir));)
            if (!strncmp(e->d_name, ".m6-job-", 8) || !strncmp(e->d_name, "work-", 5))
                fail_msg("%s was left", e->d_name);
        closedir(dir);
    }
}

static void check_outputs(void)
{
    for (int i = 0; i < OUTPUTS; i++) {
        size_t size;
        char *text = (char *)get_file(whole(names[i]), &size);
        assert_string_equal(text, texts[i]);
        free(text);
        unlink(whole(names[i]));
    }
}

static void test_deaths(void **state)
{
    struct queue *q = open_queue(whole("deaths.sock"));
    struct runner *r = make_runner(q);
    struct queue_job job;
    struct m6_error err = {""};
    for (int overwrite = 0; overwrite < 2; overwrite++) {
        for (int point = 0; point < POINTS; point++) {
            const int64_t id = add(q, names, OUTPUTS, overwrite);
            if (overwrite)
                put_file(whole(names[1]), "old", 3);
            assert_int_equal(queue_take(q, &job, &err), M6_OK);
            assert_int_equal(job.id, id);
            run_until(r, &job, point);
            queue_job_free(&job);
            assert_int_equal(reconcile(r), 0);
            reconcile_tidy(r);
            assert_int_equal(state_of(q, id), point < INTENDED ? QUEUE_QUEUED : QUEUE_DONE);
            check_nothing_left(q);
            run_out(r);
            assert_int_equal(queue_get(q, id, &job, &err), M6_OK);
            assert_int_equal(job.state, QUEUE_DONE);
            assert_int_equal(job.attempts, point < INTENDED ? 2 : 1);
            assert_string_equal(job.text, "said\n");
            queue_job_free(&job);
            check_nothing_left(q);
            check_outputs();
        }
    }
    free(r);
    queue_close(q);
}

/* What was promised is not there, or something else is. */
static void test_losses(void **state)
{
    struct queue *q = open_queue(whole("losses.sock"));
    struct runner *r = make_runner(q);
    struct queue_job job;
    struct m6_error err = {""};
    char work[PATH_MAX];

    /* Torn by a loss of power: run again, and nothing of the first try stays. */
    int64_t id = add(q, names, OUTPUTS, 0);
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    run_until(r, &job, RENAMED_ONE);
    queue_job_free(&job);
    assert_int_equal(queue_get(q, id, &job, &err), M6_OK);
    put_file(job.outputs[1].staged, "th", 2);
    queue_job_free(&job);
    assert_int_equal(reconcile(r), 0);
    assert_int_equal(state_of(q, id), QUEUE_QUEUED);
    assert_int_equal(access(whole(names[0]), F_OK), -1);
    check_nothing_left(q);
    run_out(r);
    check_outputs();

    /* Somebody else's file in the place of the second: it stays, and the first goes. */
    id = add(q, names, OUTPUTS, 0);
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    run_until(r, &job, RENAMED_ONE);
    queue_job_free(&job);
    put_file(whole(names[1]), "mine", 4);
    assert_int_equal(reconcile(r), 0);
    assert_int_equal(queue_get(q, id, &job, &err), M6_OK);
    assert_int_equal(job.state, QUEUE_FAILED);
    assert_says(job.error, "--overwrite");
    queue_job_free(&job);
    assert_int_equal(access(whole(names[0]), F_OK), -1);
    size_t size;
    char *text = (char *)get_file(whole(names[1]), &size);
    assert_string_equal(text, "mine");
    free(text);
    unlink(whole(names[1]));
    check_nothing_left(q);

    /* The host dies of it. */
    id = add(q, NULL, 0, 0);
    for (int i = 0; i < STRIKES_MAX; i++) {
        assert_int_equal(state_of(q, id), QUEUE_QUEUED);
        assert_int_equal(queue_suspects(q), i > 0);
        assert_int_equal(queue_take(q, &job, &err), M6_OK);
        queue_job_free(&job);
        r->fault = 1;
        assert_int_equal(reconcile(r), 0);
    }
    assert_int_equal(queue_get(q, id, &job, &err), M6_OK);
    assert_int_equal(job.state, QUEUE_FAILED);
    assert_says(job.error, "3 times");
    queue_job_free(&job);

    /* A worker that still lives is waited for. */
    r->fault = 0;
    id = add(q, NULL, 0, 0);
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    queue_job_free(&job);
    assert_int_equal(publish_work_folder(q, id, work, sizeof work, &err), M6_OK);
    assert_int_equal(mkdir(work, 0700), 0);
    put_bytes(work, "lock", "", 0);
    char lock[PATH_MAX + 8];
    snprintf(lock, sizeof lock, "%s/lock", work);
    const int fd = open(lock, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(reconcile(r), -1);
    assert_int_equal(state_of(q, id), QUEUE_RUNNING);
    close(fd);
    assert_int_equal(reconcile(r), 0);
    assert_int_equal(state_of(q, id), QUEUE_QUEUED);

    /* What was asked of it meanwhile. */
    enum queue_state is;
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    queue_job_free(&job);
    assert_int_equal(queue_change(q, id, QUEUE_PAUSE, &is, &err), M6_OK);
    assert_int_equal(reconcile(r), 0);
    assert_int_equal(state_of(q, id), QUEUE_PAUSED);
    free(r);
    queue_close(q);
}

/* One whose row makes no sense ends, and the others go on. */
static void test_unreadable(void **state)
{
    struct queue *q = open_queue(whole("unreadable.sock"));
    struct runner *r = make_runner(q);
    struct queue_job job;
    struct m6_error err = {""};
    int64_t *ids;
    int count;
    const int64_t bad = add(q, NULL, 0, 0), next = add(q, NULL, 0, 0);
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    assert_int_equal(job.id, bad);
    queue_job_free(&job);
    assert_int_equal(sqlite3_exec(q->db, "UPDATE jobs SET words = '[' WHERE state = 'running'", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(reconcile(r), 0);
    assert_int_equal(queue_list(q, 1 << QUEUE_FAILED, &ids, &count, &err), M6_OK);
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], bad);
    free(ids);
    assert_int_equal(queue_take(q, &job, &err), M6_OK);
    assert_int_equal(job.id, next);

    /* Of a worker that complains at length, the last is what it died of. */
    char work[PATH_MAX];
    const char last[] = "m6 draw: this is the end\n";
    const size_t size = LOG_MAX + 4096;
    char *said = malloc(size + sizeof last);
    assert_non_null(said);
    memset(said, 'x', size);
    said[size - 1] = '\n';
    memcpy(said + size, last, sizeof last);
    assert_int_equal(publish_work_folder(q, next, work, sizeof work, &err), M6_OK);
    assert_int_equal(mkdir(work, 0700), 0);
    put_bytes(work, "err", said, strlen(said));
    assert_int_equal(ending_plain(r, &job, work, QUEUE_FAILED, 1, NULL), 0);
    queue_job_free(&job);
    assert_int_equal(queue_get(q, next, &job, &err), M6_OK);
    assert_string_equal(job.error, "this is the end");
    queue_job_free(&job);
    free(said);
    free(r);
    queue_close(q);
}

/* A socket in a folder that is not there could come to have another name. */
static void test_no_folder(void **state)
{
    struct queue *q;
    struct m6_error err = {""};
    assert_int_equal(queue_open(&q, whole("nowhere/host.sock"), 0, &err), M6_ERR_IO);
    assert_says(err.text, "make it");
}

static int enter(void **state)
{
    if (enter_folder(state) || !getcwd(here, sizeof here))
        return -1;
    return setenv("XDG_STATE_HOME", here, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),  cmocka_unit_test(test_order),  cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_opening), cmocka_unit_test(test_deaths), cmocka_unit_test(test_losses),
        cmocka_unit_test(test_unreadable), cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, enter, leave_folder);
}

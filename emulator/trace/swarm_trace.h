/* swarm_trace.h: record what an MPI program that runs the swarm protocol does, for `emulator check part.*.jsonl`.
 *
 * C99 or C++11, no library. Each process writes a file of its own, part.<rank>.jsonl, in the folder that the
 * environment variable SWARM_TRACE_DIR names, else in the current one:
 *
 *     swarm_trace_open(rank, size);                          after MPI_Init_thread
 *     swarm_segment_request(SWARM_TO, 3, "file1", 0);        before MPI_Send
 *     swarm_hit(SWARM_FROM, 3, "file1", 0, hash);            after MPI_Recv
 *     swarm_trace_close();                                   before MPI_Finalize
 *
 * Any thread may call any function at any time; a line is in the file when the call returns. Without swarm_trace_open
 * nothing is recorded. The manual is docs/instrument.md. This file is in the public domain.
 */
#ifndef SWARM_TRACE_H
#define SWARM_TRACE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

typedef enum { SWARM_TO, SWARM_FROM } swarm_way; /* a message to a rank that is about to be sent; from one, received */

/* A text that grows. As swarm_files it is a list of files, for the messages that have one. */
typedef struct {
    char *text;
    size_t length, capacity;
} swarm_text;
typedef swarm_text swarm_files;

typedef struct {
    FILE *file;
    int rank;
} swarm_part;

#ifdef __GNUC__
__attribute__((weak)) swarm_part swarm_trace_part; /* one for all files of a program that include this one */
#else
static swarm_part swarm_trace_part;
#endif

static inline void swarm_put(swarm_text *to, const char *text)
{
    size_t length = strlen(text);
    if (to->length + length + 1 > to->capacity) {
        to->capacity = 2 * (to->length + length + 1);
        to->text = (char *)realloc(to->text, to->capacity);
        if (to->text == NULL) {
            perror("swarm_trace");
            abort();
        }
    }
    memcpy(to->text + to->length, text, length + 1);
    to->length += length;
}

static inline void swarm_put_number(swarm_text *to, long number)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%ld", number);
    swarm_put(to, digits);
}

/* How many bytes make the UTF-8 character that begins here; 0 for none. */
static inline int swarm_character(const unsigned char *at)
{
    int size = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : at[0] < 0xF5 ? 4 : 0, i;
    for (i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF0 && at[1] < 0x90) ||
        (at[0] == 0xF4 && at[1] > 0x8F))
        return 0;
    return size;
}

/* What is between the quotes of a JSON string. A byte that is no UTF-8 becomes the character of its number. */
static inline void swarm_put_escaped(swarm_text *to, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    while (*at) {
        char piece[8] = "";
        int size = swarm_character(at);
        if (size == 0 || *at < 0x20) {
            snprintf(piece, sizeof piece, "\\u%04x", *at);
            size = 1;
        } else if (*at == '"' || *at == '\\')
            snprintf(piece, sizeof piece, "\\%c", *at);
        else
            memcpy(piece, at, (size_t)size);
        swarm_put(to, piece);
        at += size;
    }
}

static inline void swarm_put_string(swarm_text *to, const char *string)
{
    swarm_put(to, "\"");
    swarm_put_escaped(to, string);
    swarm_put(to, "\"");
}

static inline void swarm_put_numbers(swarm_text *to, const int *numbers, int length)
{
    int i;
    for (i = 0; i < length; i++) {
        swarm_put(to, i ? "," : "[");
        swarm_put_number(to, numbers[i]);
    }
    swarm_put(to, length > 0 ? "]" : "[]");
}

/* Write one line: `keys` are an event's own, without braces. The line is one call of stdio, which locks the file. */
static inline void swarm_write(const char *thread, const char *keys)
{
    swarm_text line = {NULL, 0, 0};
    struct timeval now;
    char fraction[16];
    if (swarm_trace_part.file == NULL)
        return;
    gettimeofday(&now, NULL);
    snprintf(fraction, sizeof fraction, ".%06ld", (long)now.tv_usec);
    swarm_put(&line, "{");
    swarm_put(&line, keys);
    swarm_put(&line, ",\"t\":");
    swarm_put_number(&line, (long)now.tv_sec);
    swarm_put(&line, fraction);
    swarm_put(&line, ",\"rank\":");
    swarm_put_number(&line, swarm_trace_part.rank);
    swarm_put(&line, ",\"thread\":\"");
    swarm_put(&line, swarm_trace_part.rank == 0 ? "main" : thread);
    swarm_put(&line, "\"}\n");
    fwrite(line.text, 1, line.length, swarm_trace_part.file);
    free(line.text);
}

static inline void swarm_trace_open(int rank, int size)
{
    const char *folder = getenv("SWARM_TRACE_DIR");
    swarm_text name = {NULL, 0, 0};
    swarm_put(&name, folder ? folder : ".");
    swarm_put(&name, "/part.");
    swarm_put_number(&name, rank);
    swarm_put(&name, ".jsonl");
    swarm_trace_part.rank = rank;
    swarm_trace_part.file = fopen(name.text, "w");
    if (swarm_trace_part.file == NULL) {
        perror(name.text);
        exit(1);
    }
    free(name.text);
    setvbuf(swarm_trace_part.file, NULL, _IOLBF, 1 << 16);
    fprintf(swarm_trace_part.file, "{\"format\":\"swarm-trace\",\"version\":1,\"clients\":%d}\n", size - 1);
}

/* The run has ended as it should. A process that does not come here has been cut short. */
static inline void swarm_trace_close(void)
{
    FILE *file = swarm_trace_part.file;
    if (file == NULL)
        return;
    swarm_write("main", "\"event\":\"TraceEnded\",\"outcome\":\"complete\"");
    swarm_trace_part.file = NULL;
    if (fclose(file) != 0)
        perror("swarm_trace");
}

/* Messages: to a rank before they are sent, from a rank after they were received. */

static inline swarm_text swarm_message(swarm_way way, const char *on, int rank, const char *kind)
{
    swarm_text keys = {NULL, 0, 0};
    swarm_put(&keys, way == SWARM_TO ? "\"event\":\"Sent\",\"on\":\"" : "\"event\":\"Received\",\"on\":\"");
    swarm_put(&keys, on);
    swarm_put(&keys, way == SWARM_TO ? "\",\"to\":" : "\",\"source\":");
    swarm_put_number(&keys, rank);
    swarm_put(&keys, ",\"message\":[\"");
    swarm_put(&keys, kind);
    swarm_put(&keys, "\"");
    return keys;
}

static inline void swarm_end_message(swarm_text *keys, const char *thread)
{
    swarm_put(keys, "]");
    swarm_write(thread, keys->text);
    free(keys->text);
}

/* Lists of files. A call that takes one empties it. */

static inline swarm_files swarm_no_files(void)
{
    swarm_files none = {NULL, 0, 0};
    return none;
}

/* Add a file with hashes, which follow. */
static inline void swarm_add_file(swarm_files *files, const char *name)
{
    swarm_put(files, files->length ? "\"],[" : "[");
    swarm_put_string(files, name);
    swarm_put(files, ",\"");
}

/* Add the hash of the next segment, 32 hexadecimal digits, to the file that was added last. */
static inline void swarm_add_hash(swarm_files *files, const char *hash)
{
    swarm_put_escaped(files, hash);
}

/* Add a file without hashes, for a request. */
static inline void swarm_add_name(swarm_files *files, const char *name)
{
    if (files->length)
        swarm_put(files, ",");
    swarm_put_string(files, name);
}

static inline void swarm_put_files(swarm_text *keys, swarm_files *files, const char *end)
{
    swarm_put(keys, ",[");
    if (files->length) {
        swarm_put(keys, files->text);
        swarm_put(keys, end);
    }
    swarm_put(keys, "]");
    free(files->text);
    *files = swarm_no_files();
}

static inline void swarm_metadata(swarm_way way, int rank, swarm_files *files)
{
    swarm_text keys = swarm_message(way, "download", rank, "Metadata");
    swarm_put_files(&keys, files, "\"]");
    swarm_end_message(&keys, "download");
}

static inline void swarm_metadata_request(swarm_way way, int rank, swarm_files *files)
{
    swarm_text keys = swarm_message(way, "download", rank, "MetadataRequest");
    swarm_put_files(&keys, files, "");
    swarm_end_message(&keys, "download");
}

static inline void swarm_metadata_answer(swarm_way way, int rank, swarm_files *files)
{
    swarm_text keys = swarm_message(way, "download", rank, "MetadataAnswer");
    swarm_put_files(&keys, files, "\"]");
    swarm_end_message(&keys, "download");
}

/* The signal of the first barrier, 1, or of the second, 2. */
static inline void swarm_barrier(swarm_way way, int rank, int number)
{
    swarm_text keys = swarm_message(way, "download", rank, "Barrier");
    swarm_put(&keys, ",");
    swarm_put_number(&keys, number);
    swarm_end_message(&keys, "download");
}

static inline void swarm_about_file(swarm_way way, int rank, const char *kind, const char *file)
{
    swarm_text keys = swarm_message(way, "download", rank, kind);
    swarm_put(&keys, ",");
    swarm_put_string(&keys, file);
    swarm_end_message(&keys, "download");
}

static inline void swarm_swarm_request(swarm_way way, int rank, const char *file)
{
    swarm_about_file(way, rank, "SwarmRequest", file);
}

static inline void swarm_swarm_answer(swarm_way way, int rank, const char *file, const int *seeds, int num_seeds,
                                      const int *peers, int num_peers)
{
    swarm_text keys = swarm_message(way, "download", rank, "SwarmAnswer");
    swarm_put(&keys, ",");
    swarm_put_string(&keys, file);
    swarm_put(&keys, ",");
    swarm_put_numbers(&keys, seeds, num_seeds);
    swarm_put(&keys, ",");
    swarm_put_numbers(&keys, peers, num_peers);
    swarm_end_message(&keys, "download");
}

static inline void swarm_file_completed(swarm_way way, int rank, const char *file)
{
    swarm_about_file(way, rank, "FileCompleted", file);
}

static inline void swarm_finished(swarm_way way, int rank)
{
    swarm_text keys = swarm_message(way, "download", rank, "Finished");
    swarm_end_message(&keys, "download");
}

/* What the two threads of clients say to each other. A request is read by an upload thread, an answer by a download
 * thread. */

static inline void swarm_request(swarm_way way, int rank, const char *kind, const char *file, int segment)
{
    swarm_text keys = swarm_message(way, "upload", rank, kind);
    if (file) {
        swarm_put(&keys, ",");
        swarm_put_string(&keys, file);
        swarm_put(&keys, ",");
        swarm_put_number(&keys, segment);
    }
    swarm_end_message(&keys, way == SWARM_TO ? "download" : "upload");
}

static inline void swarm_segment_request(swarm_way way, int rank, const char *file, int segment)
{
    swarm_request(way, rank, "SegmentRequest", file, segment);
}

static inline void swarm_connection_count_request(swarm_way way, int rank)
{
    swarm_request(way, rank, "ConnectionCountRequest", NULL, 0);
}

static inline void swarm_close(swarm_way way, int rank)
{
    swarm_request(way, rank, "Close", NULL, 0);
}

static inline void swarm_stop(swarm_way way, int rank)
{
    swarm_request(way, rank, "Stop", NULL, 0);
}

static inline void swarm_segment_answer(swarm_way way, int rank, const char *file, int segment, const char *hash)
{
    swarm_text keys = swarm_message(way, "download", rank, hash ? "Hit" : "Miss");
    swarm_put(&keys, ",");
    swarm_put_string(&keys, file);
    swarm_put(&keys, ",");
    swarm_put_number(&keys, segment);
    if (hash) {
        swarm_put(&keys, ",");
        swarm_put_string(&keys, hash);
    }
    swarm_end_message(&keys, way == SWARM_TO ? "upload" : "download");
}

/* The segment's content is its hash. */
static inline void swarm_hit(swarm_way way, int rank, const char *file, int segment, const char *hash)
{
    swarm_segment_answer(way, rank, file, segment, hash);
}

static inline void swarm_miss(swarm_way way, int rank, const char *file, int segment)
{
    swarm_segment_answer(way, rank, file, segment, NULL);
}

static inline void swarm_connection_count(swarm_way way, int rank, int count)
{
    swarm_text keys = swarm_message(way, "download", rank, "ConnectionCount");
    swarm_put(&keys, ",");
    swarm_put_number(&keys, count);
    swarm_end_message(&keys, way == SWARM_TO ? "upload" : "download");
}

/* Other events */

/* The tracker, after its table has changed: "seed" or "peer". */
static inline void swarm_role_changed(int client, const char *file, const char *role)
{
    swarm_text keys = {NULL, 0, 0};
    swarm_put(&keys, "\"event\":\"RoleChanged\",\"client\":");
    swarm_put_number(&keys, client);
    swarm_put(&keys, ",\"file\":");
    swarm_put_string(&keys, file);
    swarm_put(&keys, ",\"role\":");
    swarm_put_string(&keys, role);
    swarm_write("main", keys.text);
    free(keys.text);
}

/* A client, after its output file is written and before it tells the tracker. */
static inline void swarm_file_written(const char *file, int num_segments)
{
    swarm_text keys = {NULL, 0, 0};
    swarm_put(&keys, "\"event\":\"FileWritten\",\"file\":");
    swarm_put_string(&keys, file);
    swarm_put(&keys, ",\"num_segments\":");
    swarm_put_number(&keys, num_segments);
    swarm_write("download", keys.text);
    free(keys.text);
}

/* A client's upload thread, right before it ends. */
static inline void swarm_upload_ended(void)
{
    swarm_write("upload", "\"event\":\"ThreadEnded\"");
}

#endif

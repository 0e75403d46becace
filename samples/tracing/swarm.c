/* A swarm of two clients, played by hand: client 1 owns a file of one segment, client 2 gets it.
 *
 * Only what a program has to add for a trace is here; where it would send or receive, there is a comment. Each rank is
 * run by itself, so that no MPI is needed:
 *
 *     emulator trace-header > swarm_trace.h
 *     cc -o swarm swarm.c                      or: c++ -x c++ -o swarm swarm.c
 *     ./swarm 0; ./swarm 1; ./swarm 2
 *     emulator check part.*.jsonl
 */
#include "swarm_trace.h"

static const char *hash = "3fcfb9d1242fdce64aee2bfe35266912";

static void tracker(const char *file)
{
    int client, seed = 1;
    swarm_files files = swarm_no_files();

    swarm_add_file(&files, file);
    swarm_add_hash(&files, hash);
    swarm_metadata(SWARM_FROM, 1, &files);          /* after MPI_Recv */
    swarm_role_changed(1, file, "seed");
    swarm_metadata(SWARM_FROM, 2, &files);          /* the list is empty again: client 2 owns nothing */
    for (client = 1; client <= 2; client++)
        swarm_barrier(SWARM_TO, client, 1);         /* before MPI_Send */

    swarm_metadata_request(SWARM_FROM, 1, &files);
    swarm_metadata_answer(SWARM_TO, 1, &files);
    swarm_add_name(&files, file);
    swarm_metadata_request(SWARM_FROM, 2, &files);
    swarm_add_file(&files, file);
    swarm_add_hash(&files, hash);
    swarm_metadata_answer(SWARM_TO, 2, &files);
    for (client = 1; client <= 2; client++)
        swarm_barrier(SWARM_TO, client, 2);

    swarm_finished(SWARM_FROM, 1);
    swarm_swarm_request(SWARM_FROM, 2, file);
    swarm_role_changed(2, file, "peer");
    swarm_swarm_answer(SWARM_TO, 2, file, &seed, 1, NULL, 0);
    swarm_file_completed(SWARM_FROM, 2, file);
    swarm_role_changed(2, file, "seed");
    swarm_finished(SWARM_FROM, 2);
    for (client = 1; client <= 2; client++)
        swarm_stop(SWARM_TO, client);
}

static void client_1(const char *file)
{
    swarm_files files = swarm_no_files();

    swarm_add_file(&files, file);
    swarm_add_hash(&files, hash);
    swarm_metadata(SWARM_TO, 0, &files);
    swarm_barrier(SWARM_FROM, 0, 1);
    swarm_metadata_request(SWARM_TO, 0, &files);
    swarm_metadata_answer(SWARM_FROM, 0, &files);
    swarm_barrier(SWARM_FROM, 0, 2);
    swarm_finished(SWARM_TO, 0);

    swarm_connection_count_request(SWARM_FROM, 2);  /* from here on, this is its upload thread */
    swarm_connection_count(SWARM_TO, 2, 0);
    swarm_segment_request(SWARM_FROM, 2, file, 0);
    swarm_hit(SWARM_TO, 2, file, 0, hash);
    swarm_close(SWARM_FROM, 2);
    swarm_stop(SWARM_FROM, 0);
    swarm_upload_ended();
}

static void client_2(const char *file)
{
    int seed = 1;
    swarm_files files = swarm_no_files();

    swarm_metadata(SWARM_TO, 0, &files);
    swarm_barrier(SWARM_FROM, 0, 1);
    swarm_add_name(&files, file);
    swarm_metadata_request(SWARM_TO, 0, &files);
    swarm_add_file(&files, file);
    swarm_add_hash(&files, hash);
    swarm_metadata_answer(SWARM_FROM, 0, &files);
    swarm_barrier(SWARM_FROM, 0, 2);

    swarm_swarm_request(SWARM_TO, 0, file);
    swarm_swarm_answer(SWARM_FROM, 0, file, &seed, 1, NULL, 0);
    swarm_connection_count_request(SWARM_TO, seed);
    swarm_connection_count(SWARM_FROM, seed, 0);
    swarm_segment_request(SWARM_TO, seed, file, 0);
    swarm_hit(SWARM_FROM, seed, file, 0, hash);
    swarm_close(SWARM_TO, seed);
    swarm_file_written(file, 1);
    swarm_file_completed(SWARM_TO, 0, file);
    swarm_finished(SWARM_TO, 0);
    swarm_stop(SWARM_FROM, 0);
    swarm_upload_ended();
}

int main(int num_arguments, char **arguments)
{
    int rank = num_arguments > 1 ? atoi(arguments[1]) : 0;
    const char *file = num_arguments > 2 ? arguments[2] : "file1";

    swarm_trace_open(rank, 3);
    if (rank == 0)
        tracker(file);
    else if (rank == 1)
        client_1(file);
    else
        client_2(file);
    swarm_trace_close();
    return 0;
}

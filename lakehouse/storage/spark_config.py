"""Spark's settings: one declaration for the Connect server, local sessions and `spark-submit`.

Values suit one machine and tables of up to some ten million rows. Settings of the place (a cluster's master and
cores, ports, memory, folders) are not here: they come from the cluster, or from `stack` for the embedded server.
"""

from __future__ import annotations

from lakehouse.settings.store_access import ObjectStore

# For every session, wherever it runs. A session over Spark Connect has these from its server.
CONFIG: dict[str, str] = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # Delta replays a table's log with 50 tasks by default: seconds of overhead for logs of kilobytes.
    "spark.databricks.delta.snapshotPartitions": "2",
    # A night is some hundred thousand rows, for which the default of 200 is mostly empty tasks.
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "true",
    # A night's plans are new every night and their rows few: compiling Java for them cost more than it saved. Measured on
    # two cores: features of a day 23 s with it and 12 s without, of a month 26 s and 21 s.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # Every execution's plan is written out for the web page, in its longest form by default.
    "spark.sql.ui.explainMode": "simple",
    # A day must not depend on where the machine stands.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # A Python worker that has imported pandas and xgboost (4 s) is worth keeping.
    "spark.python.worker.reuse": "true",
    # Tables are named by path; a Hive metastore would leave a Derby folder in whatever directory a job starts.
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.showConsoleProgress": "false",
}

# A session for at most so many rows: little enough for one task, and every exchange, broadcast and re-planned stage costs more
# than it saves.
FEW_ROWS = 50_000
# With two tasks instead of one a day of features took 28 to 40 s instead of 5.
FEW_CONFIG: dict[str, str] = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    # Both sides of a join lie in the one task already: a broadcast would be a job of its own.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
}

# So many rows repay compiling: the features of January to May took 61 s without and 50 s with it on two cores, those of a month
# 21 s without and 26 s with it.
MANY_ROWS = 150_000
MANY_CONFIG: dict[str, str] = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    # Rows that lie together by a part of a join's key, such as their day, are joined where they are.
    "spark.sql.requireAllClusterKeysForCoPartition": "false",
    # Of a join's smaller side so much is held by a task, rather than both sides be sorted: 9.5 s of a task's time instead of 15.4
    # for 138,000 rows that are joined with eleven groups each.
    "spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold": "64m",
}

# Rows of a table that are read in a job's process and given to Spark take at most so much, as Arrow: with the rows of the other
# tables they are one message, and a Connect server takes no message over 128 MB.
GIVEN_BYTES = 8 * 2**20

# Added where the master is local[...]: such a Spark talks to nobody but itself. Never for a cluster, whose executors have
# to reach the driver.
LOCAL_CONFIG: dict[str, str] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # In local mode the driver's memory is all of Spark's.
    "spark.driver.memory": "3g",
    # Hadoop's own starts a process to set a mode, three times a file that it writes: of the 34 s that a year's deliveries took,
    # bronze to silver on two cores, 14. The commits to Delta's log do not go through it.
    "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
    # The files of a table are told by name; more than 32 would be looked up by tasks, one each.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
    # A job lives too short for a web page of its own, and the page would listen on every network address.
    "spark.ui.enabled": "false",
}

# Added for the long-lived Connect server.
SERVER_CONFIG: dict[str, str] = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    # Every sort, window and aggregate takes a page at once, of 32 to 64 MB by default, however few rows it has: a day of features
    # filled the old generation with a gigabyte of them and had it collected at every second day.
    "spark.buffer.pageSize": "4m",
    # All tasks share one session (rejoining it saves each of them seconds). It may lie idle from one night to the
    # next and must not be closed meanwhile: it lives as long as the server.
    "spark.connect.session.manager.defaultSessionTimeout": "-1",
    "spark.ui.enabled": "true",
    # Rows that are given (`GIVEN_BYTES`) come with the plan. By default those of a megabyte or more are kept beside it as long as
    # the session lives, which is the server's life: 2.7 MB a night of the demo.
    "spark.sql.session.localRelationCacheThreshold": str(GIVEN_BYTES + 1),
    # The plans analysed last are kept with their rows, so that a plan that goes on from one is not analysed from its beginning.
    # A job goes on from its last one; with the default of 16 they were 100 MB.
    "spark.connect.session.planCache.maxSize": "1",
    # A full collection, after which Java gives back memory (default: every half hour). It takes half a second.
    "spark.cleaner.periodicGC.interval": "5min",
    # A server that is driver and executor in one tells itself that it lives; each time takes 30 ms.
    "spark.executor.heartbeatInterval": "60s",
    # The web page's history lies in the server's heap, and the server lives for weeks.
    "spark.ui.retainedJobs": "100",
    "spark.ui.retainedStages": "100",
    "spark.ui.retainedTasks": "2000",
    "spark.sql.ui.retainedExecutions": "50",
    "spark.sql.connect.ui.retainedSessions": "20",
    "spark.sql.connect.ui.retainedStatements": "100",
    # A job's error reaches its caller whole: the JVM's reason, not only its class.
    "spark.sql.connect.enrichError.enabled": "true",
}


def of_store(store: ObjectStore) -> dict[str, str]:
    """Added where the lakehouse or the landing zone lies in an object store: how Spark reaches it.

    Without keys: each of Spark's processes, the workers' too, finds them in its environment or on its machine.
    """
    found = {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        # Spark commits nothing, and must not: no log store that Delta ships keeps two commits to S3 apart. This one reads, and
        # refuses to write where no file system of this kind is configured.
        "spark.delta.logStore.s3.impl": "io.delta.storage.HDFSLogStore",
        "spark.delta.logStore.s3a.impl": "io.delta.storage.HDFSLogStore",
        "spark.hadoop.fs.AbstractFileSystem.s3a.impl": "none",
        # The environment, a role, a profile: the order that the other readers look in.
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
        ),
        # Some columns of a file are read.
        "spark.hadoop.fs.s3a.experimental.input.fadvise": "random",
        "spark.hadoop.fs.s3a.connection.establish.timeout": "10s",
    }
    if store.region is not None:
        found["spark.hadoop.fs.s3a.endpoint.region"] = store.region
    if store.endpoint is not None:
        # By the path: a store of one's own seldom has a name for each bucket.
        found |= {"spark.hadoop.fs.s3a.endpoint": store.endpoint, "spark.hadoop.fs.s3a.path.style.access": "true"}
    return found

list(APPEND M6_ENGINE_SOURCES engine.c engine_check.c sched/request.c sched/scheduler.c)

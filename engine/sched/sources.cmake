list(APPEND M6_ENGINE_SOURCES engine.c engine_check.c
  sched/admit.c sched/meter.c sched/request.c sched/scheduler.c sched/step.c sched/waiting.c)

@rem npm scripts begin with `exec`, which Windows' own shell lacks. See scripts/run.mjs.
@%*

"""The checks, one module for each subject; `registry` finds every `@check` function here by itself."""

"""Triage: all checks over all objects of the scope, run again where something that they read has changed.

`triage` is what others use; `runs` runs the checks, `demands` and `logs` read what they ask for (together: `objects`),
`suspect_search` finds what changed before a problem, `pacing` decides when. `diagnosis/chains.py` traces the findings.
"""

"""Diagnose what is wrong and why: findings for pods, workloads and services, and the cause that blocks a rollout.

Pure: every function takes the objects and `now`. One check is one function, in the module of its subject.
"""

"""What is wrong: findings for pods, workloads and services, ranked. Pure; one check a function."""

"""From the logs of many containers to one ordered stream: slots, retries, resume, restarts, merge, markers."""

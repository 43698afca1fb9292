"""What a log line contains: level, time, message, fields and colours, and how it is rendered."""

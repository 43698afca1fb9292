"""Lines grouped by template and counted per revision: what is new, stopped, or changed its rate. Pure."""

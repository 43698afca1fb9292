"""Port-forwards: listen on this machine, pass connections to a ready pod, survive the end of the pod."""

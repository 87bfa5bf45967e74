"""Docker servers: any HTTP request, any answer, and the command of an image as the source side."""

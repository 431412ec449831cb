"""Where answers come from: an inference server over HTTP, in this process, or the embedded model."""

"""How wire codecs are derived from the model; `zcp_kernel.codec` is the public face."""

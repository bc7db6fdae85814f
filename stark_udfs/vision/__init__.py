"""Image models and image sources. No Spark; torch, diffusers, transformers and faiss only inside `load`."""

"""One image, made once: requests, models, retrieval, web search; no Spark."""

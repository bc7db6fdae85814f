"""Chat servers: requests, replies, the client, the broker. No Spark, no pandas."""

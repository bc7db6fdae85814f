"""Memory probes: questions about an episode, with answers that its own turns prove. No model takes part."""

"""How many planted faults the consistency checks find, and how often they cry over sessions without one."""

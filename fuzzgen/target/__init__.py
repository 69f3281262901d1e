"""The only room that talks to models: the LiteLLM port, simulated reference agents, local models, spend."""

"""The shared types: scenario, fact sheet, tools and ledger, transcript, verdict, rendering, run events."""

"""The pure heart of Hydra and its adapters to disk and database; knows no EPICS, TensorFlow or web."""

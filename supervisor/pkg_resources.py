# In the image, the part of setuptools that supervisor uses. setuptools takes 6 MB of memory and as long to load as supervisor.
from importlib import import_module


class EntryPoint:
    def __init__(self, module, attribute):
        self.module, self.attribute = module, attribute

    @classmethod
    def parse(cls, spec):
        return cls(*spec.split("=", 1)[1].strip().split(":"))

    def resolve(self):
        return getattr(import_module(self.module), self.attribute)

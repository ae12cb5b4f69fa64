/** Modules of a package `supervisor` with what app_port.py uses. */
export const SUPERVISOR_OF_APP_PORT: Readonly<Record<string, string>> = {
  '__init__.py': '',
  'options.py': 'class ProcessConfig:\n  def make_process(self, group=None): return None\n',
  'process.py': `class Subprocess:
  pid = laststart = laststop = 0
  def __init__(self, config): self.config = config
  def transition(self): pass
  def stop(self): pass
`,
  'states.py': 'class SupervisorStates:\n  RUNNING = 1\n',
};

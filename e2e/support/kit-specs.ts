/** Specs of kit/specs that must not run beside another one, and why. All others run two at a time. */
export const ALONE: Readonly<Record<string, string>> = {
  chaos: 'loads all processors and accounts for every request',
  'client-limits': 'attacks at full speed while another client must be served in time',
  deploy: 'sends 300 requests/s and expects no failure',
  kubernetes: 'loads an engine of its own, whose pod must end in its grace period',
  networks: "inserts rules into the machine's firewall",
  swarm: 'runs three engines under load, which must hear each other in time',
  'two-checkouts':
    'starts two stacks beside that of its Playwright worker; an engine has addresses for about 30 networks, and a stack takes four',
};

/** Paths of these specs below the checkout, as Playwright matches them. */
export const aloneSpecs: string[] = Object.keys(ALONE).map((name) => `kit/specs/${name}.spec.ts`);

import type { Labels, NetworkPolicy, Peer, Selector } from './objects.ts';

export interface Client {
  readonly namespaceLabels: Labels;
  readonly podLabels: Labels;
}

const matches = (selector: Selector, labels: Labels) =>
  Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value);

/** A peer without a namespaceSelector is in the namespace of the policy, from which no test connects. */
const isPeer = ({ namespaceSelector, podSelector }: Peer, { namespaceLabels, podLabels }: Client) =>
  namespaceSelector !== undefined &&
  matches(namespaceSelector, namespaceLabels) &&
  (podSelector === undefined || matches(podSelector, podLabels));

/** Whether the policy lets a pod connect to a named port: https://kubernetes.io/docs/concepts/services-networking/network-policies/. */
export function admits({ spec }: NetworkPolicy, client: Client, port: string): boolean {
  return spec.ingress.some(
    ({ from, ports }) =>
      (from === undefined || from.some((peer) => isPeer(peer, client))) &&
      (ports === undefined || ports.some((each) => each.port === port)),
  );
}

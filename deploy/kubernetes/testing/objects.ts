import type { KubernetesObject } from './render.ts';

/** The fields of the rendered objects that the tests read. fields.test.ts compares all fields with their schemas. */

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  readonly matchLabels: Labels;
}

export interface SecurityContext {
  readonly [field: string]: unknown;
  readonly capabilities?: { readonly add?: string[]; readonly drop?: string[] };
  readonly seccompProfile?: { readonly type?: string };
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: Record<string, unknown>;
  readonly windowsOptions?: { readonly hostProcess?: boolean };
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly [field: string]: unknown;
  readonly env?: { readonly name: string; readonly value: string }[];
  readonly securityContext?: SecurityContext;
  readonly ports?: { readonly name?: string; readonly containerPort?: number; readonly hostPort?: number }[];
  readonly resources?: { readonly limits?: Labels; readonly requests?: Labels };
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly volumeMounts?: { readonly name: string; readonly mountPath: string }[];
}

export interface PodSpec {
  readonly [field: string]: unknown;
  readonly terminationGracePeriodSeconds?: number;
  readonly serviceAccountName?: string;
  readonly securityContext?: SecurityContext;
  readonly containers: Container[];
  readonly initContainers?: Container[];
  readonly volumes?: Record<string, unknown>[];
  readonly topologySpreadConstraints?: { readonly topologyKey: string; readonly labelSelector: Selector }[];
}

export interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly strategy: {
      readonly rollingUpdate: { readonly maxSurge: number; readonly maxUnavailable: number };
    };
    readonly selector: Selector;
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}

export interface Service extends KubernetesObject {
  readonly spec: {
    readonly selector: Labels;
    readonly ports: { readonly name: string; readonly port: number; readonly targetPort: string }[];
  };
}

export interface PodMonitor extends KubernetesObject {
  readonly spec: {
    readonly jobLabel: string;
    readonly selector: Selector;
    readonly podMetricsEndpoints: {
      readonly port: string;
      readonly interval: string;
      readonly scrapeTimeout: string;
    }[];
  };
}

export interface PodDisruptionBudget extends KubernetesObject {
  readonly spec: { readonly selector: Selector; readonly maxUnavailable: number };
}

export interface Autoscaler extends KubernetesObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas: number;
    readonly metrics: { readonly resource: { readonly name: string } }[];
  };
}

export interface HttpRoute extends KubernetesObject {
  readonly spec: {
    readonly parentRefs: { readonly name: string }[];
    readonly rules: { readonly backendRefs: { readonly name: string; readonly port: number }[] }[];
  };
}

export interface Peer {
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
}

export interface NetworkPolicy extends KubernetesObject {
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: string[];
    readonly ingress: { readonly from?: Peer[]; readonly ports?: { readonly port: string }[] }[];
    readonly egress: unknown[];
  };
}

/** One target group: https://prometheus.io/docs/prometheus/latest/http_sd/. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The server that the demo uses; when undefined, the demo starts one. */
export function demoServerUrl(): string | undefined {
  return process.env['CAUSEFLOW_URL']?.replace(/\/+$/, '') || undefined;
}

/** What a newcomer reads after the first start: one line to paste. */
export function nextSteps(url: string): string {
  return `
CauseFlow is ready on ${url}

  See the whole flow in this terminal:   CAUSEFLOW_URL=${url} npm run demo
  Or begin with an account:
    curl -s ${url}/v1/auth/register -H 'Content-Type: application/json' \\
      -d '{"email":"you@example.com","password":"choose-a-long-one","tenantName":"My team"}'

  API documents: ${url}/docs
`;
}

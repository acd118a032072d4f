/** Scrapes /metrics. @returns a map of values by name and labels, as in `causeflow_jobs{state="waiting"}` */
export async function scrapeMetrics(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

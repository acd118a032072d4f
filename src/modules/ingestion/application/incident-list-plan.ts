import { madeAt } from '#kernel/domain/ids';
import { facetsOf, type IncidentPageRequest, type Query } from './incident-conditions.js';
import {
  indexRange,
  indexScan,
  isFacetRange,
  isIndexRange,
  isCreationRangeByUpdate,
  keyScan,
  type LeadingTime,
  sortedRange,
} from './incident-list-sql.js';
import { fullTextSearch } from './incident-search-sql.js';
import { timeSlotsOf } from './incident-slots.js';

// Costs in PostgreSQL: an index entry 0.1 µs, a row 1 µs, a slot of the full-text index 200 to 900 µs.

/** A filter is common if it matches one row in this many. Scans find common matches, the full-text index finds rare ones. */
const ROWS_PER_MATCH = 20;
const MIN_SCANNED_ROWS = 500;

/**
 * Rows that are read before a scan, to skip it when the filter is rare. A row may be on a page of its own that is not cached, so
 * the sample is small. A scan of single rows is cheap in vain, one of sorted keys is not.
 */
const SAMPLES = {
  ofRows: { rows: 100, minMatches: 3 },
  ofKeys: { rows: 200, minMatches: 200 / ROWS_PER_MATCH },
};

/** Fewer incidents of one status or service within a creation range are read and sorted, whatever their share of the range. */
const MIN_UNSORTED_ENTRIES = 500;

/** Index entries that are read in the order of updates, at most: 10 ms. */
const MAX_ENTRIES = 100_000;

/**
 * Slots of the full-text index. More than `max` cost more than one search over the tenant's lifetime. That search costs ten
 * times as much as a slot, so the `first` slots are tried before it.
 */
const SLOT_LIMITS = { max: 8, first: 3 };

type Strategy =
  'index range' | 'index scan' | 'keys by update' | 'keys by creation' | 'sorted range' | 'full text';

/** The strategies to try in turn, until one fills the page. The last one always finds everything. */
export function strategiesFor(page: IncidentPageRequest, now: Date): readonly Strategy[] {
  // One index has both the filter and the order: its next entries are the page.
  if (isIndexRange(page)) return ['index range'];

  // One index has the order: common matches are among its next rows. Rare matches are few enough to be sorted.
  if (!isCreationRangeByUpdate(page)) return ['index scan', 'full text'];

  // By update within a creation range. No index has that order, but index entries with both times are cheap to sort.
  const isUpdateLed = leadingTime(page, now) === 'updated';

  // Without a filter, the sorted entries of the creation range are the list. The newest updates may fill the page sooner.
  if (!isFiltered(page)) return isUpdateLed ? ['keys by update', 'keys by creation'] : ['keys by creation'];

  // With a filter, the first entries have the common matches. Rare matches are few enough to be sorted.
  if (isUpdateLed) return ['keys by update', 'full text'];

  // The rare matches of one status or service within the range are read from its own index at a third of the cost.
  return ['keys by creation', isFacetRange(page) ? 'sorted range' : 'full text'];
}

export function queryFor(strategy: Strategy, page: IncidentPageRequest, now: Date): Query {
  const maxRows = Math.max(MIN_SCANNED_ROWS, ROWS_PER_MATCH * page.limit);
  switch (strategy) {
    case 'index range':
      return indexRange(page);
    case 'index scan':
      return indexScan(page, { maxRows, sample: SAMPLES.ofRows });
    case 'keys by update':
    case 'keys by creation':
      return keyScan(page, {
        by: strategy === 'keys by update' ? 'updated' : 'created',
        ...{ maxEntries: MAX_ENTRIES, maxRows },
        ...(isFiltered(page) && { sample: SAMPLES.ofKeys }),
        ...(isFiltered(page) && isFacetRange(page) && { minFacetEntries: MIN_UNSORTED_ENTRIES }),
      });
    case 'sorted range':
      return sortedRange(page);
    case 'full text':
      return fullTextSearch(page, timeSlotsOf(page, leadingTime(page, now), SLOT_LIMITS, now));
  }
}

/**
 * The time whose index leads to the page with fewer entries. For a list by update within a creation range these are either
 * the updates since the end of that range or all incidents of the range.
 */
export function leadingTime(page: IncidentPageRequest, now: Date): LeadingTime {
  const { tenantId, sort, order, from, to } = page;
  if (sort === 'createdAt') return 'created';
  // The first created are among the first updated.
  if (order === 'asc' || to === undefined) return 'updated';
  const start = Math.max(madeAt(tenantId).getTime(), from === undefined ? 0 : Date.parse(from));
  const end = Date.parse(to);
  return now.getTime() - end < end - start ? 'updated' : 'created';
}

function isFiltered(page: IncidentPageRequest): boolean {
  return page.q !== undefined || facetsOf(page).length > 0;
}

-- An incident that triage writes anew stays on its page.

-- up
/*
 * Every incident is written twice: as it came, and triaged. On a page that is filled by half the second version finds its place
 * beside the first, so that incidents lie in the order in which they came. On full pages it goes to the table's end, and once
 * vacuum has freed the places of the first versions new incidents fill those holes all over the table: with more incidents
 * than fit into memory each of them is read from disk.
 */
ALTER TABLE incidents SET (fillfactor = 50);

-- down
ALTER TABLE incidents RESET (fillfactor);

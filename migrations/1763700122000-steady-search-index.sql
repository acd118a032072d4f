-- The index of words is brought up to date a little at a time.

-- up
/*
 * What is inserted waits in a list, and whoever makes the list too long sorts it into the index while his own commit
 * waits: with the default of 4 MB that is some 4,000 alerts and 30 to 80 ms, with 256 kB some 300 and 2 ms, at the same
 * cost an alert. Searches read through the list, too.
 */
ALTER INDEX incidents_by_words SET (gin_pending_list_limit = 256);

-- down
ALTER INDEX incidents_by_words RESET (gin_pending_list_limit);

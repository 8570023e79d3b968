# What a build says at its end; as a module it leaves that to the other.

if not MODULE:

    # The pages made since this was read, when OTHERWISE was written.
    onsuccess:
        for page in [*CLAIMS, "index", "published/index"]:
            file = Path(f"results/{page}.html")
            if not file.exists() or file.stat().st_mtime < os.path.getmtime(OTHERWISE):
                continue
            if page == "published/index":
                shown = published_ledgers(published_lists(), PUBLISHED_ARMS)
            else:
                shown = ledgers(lists_on(page))
            for ledger in shown:
                with suppress(OSError):  # with --all-temp the ledgers are gone
                    MADE.append(f"{ledger}: {outcome_of(ledger)}")
            MADE.append(f"the page: {file.resolve()}")

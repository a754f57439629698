"""Files come half, broken, twice and under new names while the service is killed: nothing is lost."""

import os

import pytest

WORDS = ("--workers", 2)


@pytest.mark.timeout(280)
def test_nothing_is_lost_or_done_twice(new_shop, kit, tmp_path):
    files = kit.deliveries(tmp_path / "films", 6, seed=6)
    calm, renamed, shop = new_shop("calm"), new_shop("renamed"), new_shop("shop")
    kit.run_calmly(calm, renamed, files, *WORDS)
    kit.run_with_faults(shop, files, 2, 6, *WORDS)
    kit.check(shop, files, calm, renamed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_soak(new_shop, kit, tmp_path):
    """`make soak`: 200 files and ten kills; a part of that in `make test-slow`."""
    count = int(os.environ.get("DWELLMAP_SOAK_FILES", "40"))
    kills = 10 if count >= 200 else 5
    files = kit.deliveries(tmp_path / "films", count, seed=200)
    calm, renamed, shop = new_shop("calm"), new_shop("renamed"), new_shop("shop")
    kit.run_calmly(calm, renamed, files, *WORDS)
    kit.run_with_faults(shop, files, kills, 200, *WORDS)
    kit.check(shop, files, calm, renamed)
    print(f"\n{len(files)} files, {kills} kills: {dict(shop.status().counts)}")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_stays_flat(shop, kit):
    """The service's memory over many tiny jobs; the slope is printed."""
    jobs = int(os.environ.get("DWELLMAP_SOAK_JOBS", "200"))
    service = shop.start("--settle", 0.2, "--quiet", "--workers", 2)
    seen = []
    for number in range(jobs):
        (shop.inbox / "front" / f"{number}.mp4").write_text(f"no film {number}")
        if number % 50 == 49:
            shop.wait(lambda n=number: shop.status().counts["failed"] == n + 1, 300)
            seen.append((number + 1, kit.resident_kb(service.pid)))
    first, last = seen[len(seen) // 4], seen[-1]
    slope = (last[1] - first[1]) / (last[0] - first[0])
    print(f"\nmemory of the service, jobs and kB: {seen}; {slope:.1f} kB a job")
    # A row of the ledger and its file name stay in mind: less than 2 kB.
    assert slope < 6.0

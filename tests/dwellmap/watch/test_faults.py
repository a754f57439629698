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
@pytest.mark.parametrize("done", ["keep", "move"])
def test_soak(new_shop, kit, tmp_path, done):
    """`make soak`: 200 files and ten kills; a part of that in `make test-slow`."""
    count = int(os.environ.get("DWELLMAP_SOAK_FILES", "20"))
    kills = 10 if count >= 60 else 4
    files = kit.deliveries(tmp_path / "films", count, seed=200)
    calm, renamed, shop = new_shop("calm"), new_shop("renamed"), new_shop("shop")
    kit.run_calmly(calm, renamed, files, *WORDS)
    kit.run_with_faults(shop, files, kills, 200, *WORDS, "--done", done)
    kit.check(shop, files, calm, renamed)
    if done == "move":
        assert {file.parts[0] for one in shop.status().recordings for file in one.files} == {"done", "failed"}
    print(f"\n{len(files)} files, {kills} kills: {dict(shop.status().counts)}")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_stays_flat(shop, kit):
    """The service's memory over many tiny jobs; the slope is printed."""
    jobs = int(os.environ.get("DWELLMAP_SOAK_JOBS", "200"))

    def bring(number: int) -> None:
        (shop.inbox / "front" / f"{number}.mp4").write_text(f"no film {number}")

    # A row of the ledger and its file name stay in mind: less than 2 kB.
    assert slope_kb(shop, kit, jobs, bring, "failed", "--done", "keep") < 6.0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_stays_flat_over_jobs_that_are_done(shop, kit):
    """What is done and moved away is not kept in mind: a worker with its log would be 30 kB and more."""
    jobs = int(os.environ.get("DWELLMAP_SOAK_JOBS", "160")) // 4

    def bring(number: int) -> None:
        kit.film(shop.inbox / "front" / f"{number}.mp4", number, frames=4)

    assert slope_kb(shop, kit, jobs, bring, "done", "--done", "move") < 20.0


def slope_kb(shop, kit, jobs, bring, state, *words):
    """Memory that the service takes more with each job, kB."""
    service = shop.start("--settle", 0.2, "--quiet", "--workers", 2, *words)
    seen = []
    step = max(10, jobs // 20)
    for number in range(jobs):
        bring(number)
        if number % step == step - 1:
            shop.wait(lambda n=number: shop.status().counts[state] == n + 1, 600)
            seen.append((number + 1, kit.resident_kb(service.pid)))
    first, last = seen[len(seen) // 4], seen[-1]
    slope = (last[1] - first[1]) / (last[0] - first[0])
    print(f"\nmemory of the service, {state} jobs and kB: {seen}; {slope:.1f} kB a job")
    return slope

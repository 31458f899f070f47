//! `repositories.csv`: who costs what, and which copies nobody pulled.

use super::View;
use crate::study::tables::RepositoryRow;

/// Rows by strategy, repository in file order, account and region.
pub(super) fn rows(view: &View) -> Vec<RepositoryRow> {
    let (cloud, demand) = (&view.scenario.model.cloud, &view.scenario.model.demand);
    let mut rows = Vec::new();
    for column in &view.columns {
        for (&(repository, account, region), sums) in &column.gathered.repositories {
            let mean = |count: u64| count as f64 / view.trials;
            rows.push(RepositoryRow {
                strategy: column.strategy.name.clone(),
                repository: demand.repositories[repository as usize].name.clone(),
                account: cloud.account(account).into(),
                region: cloud.region(region).into(),
                storage_usd_month: view.per_month(sums.costs[0]),
                transfer_usd_month: view.per_month(sums.costs[1]),
                network_path_usd_month: view.per_month(sums.costs[2]),
                pulls: mean(sums.pulls),
                copies: mean(sums.copies),
                copies_never_pulled: mean(sums.copies_never_pulled),
            });
        }
    }
    rows
}

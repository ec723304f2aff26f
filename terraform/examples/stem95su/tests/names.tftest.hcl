# The names under which the mirror has been known so far.
mock_provider "kubernetes" {}

run "keeps_the_names_of_the_job_and_its_secret" {
  command = plan

  assert {
    condition     = output.gdrive_sync.cronjobs.sync == "stem95su-gdrive-sync"
    error_message = "Another CronJob."
  }
  assert {
    condition     = output.gdrive_sync.secret == { name = "stem95su-rclone", file = "rclone.conf" }
    error_message = "Another Secret."
  }
}

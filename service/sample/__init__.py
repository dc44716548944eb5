"""The sample programme: Lunaria, a company of sleeper trains that does not exist, with a month of its history."""
